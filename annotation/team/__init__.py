"""Who belongs to a project and how they come in, and the tokens with which their programs do."""
