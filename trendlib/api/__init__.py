"""The fetch wing: one room for the network, one for the evidence, one for each provider's words."""
