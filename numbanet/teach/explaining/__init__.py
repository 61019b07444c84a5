"""What a layer or an operation computes: its contract, its loops, and one number carried through them."""
