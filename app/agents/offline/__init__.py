"""The offline model, without key or network. Only app/agents/kernel.py imports it, when configured."""
