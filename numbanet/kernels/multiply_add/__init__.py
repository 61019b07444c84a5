"""Multiply-adds and nothing else, over and over on independent numbers: what a processor's arithmetic is limited to.

Shapes: x (M,), of any number M, changed in place; a, b and turns: numbers.

Forward:
    F1: x[m] = a x[m] + b, `turns` times

That is two FLOPs for each number and turn. With |a| < 1 the numbers approach b / (1 - a), and stay away from infinity
and denormals.

There is no backward: no layer is made of it. Nothing is saved.

Source: Williams, Waterman and Patterson, "Roofline: an insightful visual performance model" (2009), section 3: the
ceiling of the arithmetic.
"""
