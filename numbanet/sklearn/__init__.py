"""Networks as scikit-learn estimators, for pipelines, cross-validation and searches: `pip install 'numbanet[sklearn]'`.

from numbanet.sklearn import NumbanetClassifier
NumbanetClassifier((64, 32), early_stopping=True).fit(x, y).score(x_test, y_test)
"""

from ..errors import MissingDependency

try:
    import sklearn
except ImportError:
    raise MissingDependency(
        "numbanet.sklearn needs scikit-learn, which is not installed: pip install 'numbanet[sklearn]'"
    ) from None

from .classifier import NumbanetClassifier
from .regressor import NumbanetRegressor

__all__ = ["NumbanetClassifier", "NumbanetRegressor"]
del sklearn
