"""The exercises and the exhibits: what is asked, on which arguments, and the mistakes that are usual there."""
