"""The published datasets: names of actions, protocols, what file names say."""
