"""Make lrsched/data/digits.npz from the copy of the digits that scikit-learn ships.

Run in an environment with scikit-learn:  python tools/digits.py

The 1,797 images of 8x8 pixels, each 0 to 16, are the test part of "Optical Recognition of Handwritten Digits" by
E. Alpaydin and C. Kaynak, UCI Machine Learning Repository (1998), https://doi.org/10.24432/C50P49, licence CC BY 4.0.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

images, labels = load_digits(return_X_y=True)
path = Path(__file__).parents[1] / "lrsched" / "data" / "digits.npz"
path.parent.mkdir(exist_ok=True)
np.savez_compressed(path, images=images.astype(np.uint8), labels=labels.astype(np.uint8))
print(f"{path}: {images.shape[0]} images, {path.stat().st_size} bytes")
