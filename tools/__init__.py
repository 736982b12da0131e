"""What `./dev` runs: tools for development, never imported by the application."""
