"""Pictures of training, of data and of networks, where matplotlib is installed (the diagram needs nothing).

Each function writes one file and returns its path, whose ending says of which kind it is: .png, .pdf, .svg, ...
"""

from .boundary import decision_boundary
from .classes import confusion_matrix
from .curves import learning_curve
from .diagram import model_diagram
from .filters import kernels
from .flow import activations, gradient_flow
from .maps import feature_maps, pictures
from .recurrent import gates

__all__ = [
    "activations",
    "confusion_matrix",
    "decision_boundary",
    "feature_maps",
    "gates",
    "gradient_flow",
    "kernels",
    "learning_curve",
    "model_diagram",
    "pictures",
]
