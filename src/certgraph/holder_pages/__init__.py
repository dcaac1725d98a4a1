"""The pages of holders and of those they share with: HTML without scripts, in two languages."""
