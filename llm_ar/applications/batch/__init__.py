"""Recognition of many prepared clips: shard by shard, by processes or on a cluster."""
