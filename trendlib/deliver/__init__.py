"""Delivery: alerts and summaries to Slack and Notion, and alerts as files; each once."""

from trendlib.deliver.messages import PRACTICE, Message
from trendlib.deliver.outbox import Delivery, Outbox

__all__ = ["PRACTICE", "Delivery", "Message", "Outbox"]
