"""Exercises with an oracle, and the bug museum.

print(nn.teach.exercises())                       # what there is, in an order to do it in
nn.teach.exercise("dense_backward")               # writes dense_backward.py, with the loops taken out
nn.teach.grade("dense_backward.py")               # right, or what is wrong and what it looks like

print(nn.teach.museum())
nn.teach.exhibit("softmax_twice")                 # writes a program that runs and has one wrong loop
nn.teach.grade("softmax_twice.py")
"""

from .catalogue import exercises, museum
from .files import exercise, exhibit
from .grading import Check, Grade, grade

__all__ = ["Check", "Grade", "exercise", "exercises", "exhibit", "grade", "museum"]
