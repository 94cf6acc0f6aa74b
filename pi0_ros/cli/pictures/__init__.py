"""Pictures for people: cameras side by side with the chunk drawn over them, and films of them."""
