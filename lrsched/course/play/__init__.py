"""What is played: the models behind the pad and the cockpit, their goals, and the best that is known."""
