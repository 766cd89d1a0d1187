"""The review pages, made of what the chapters hold: glossary, flash cards, cheat sheet and final quiz."""
