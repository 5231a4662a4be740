"""The commands of the shell: one module each, with add(commands) and run(arguments)."""
