"""What every room stands on. May not name a room, nor who is asking."""
