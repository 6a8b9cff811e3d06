"""Published datasets, one small module each: names of actions, protocols, what file names say."""
