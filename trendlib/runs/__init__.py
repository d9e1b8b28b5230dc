"""What buys answers and loads them: one run at a time per home, taken up again where it was cut short."""
