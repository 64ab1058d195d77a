"""From a recogniser's output to an answer: word error rates with intervals that hold."""
