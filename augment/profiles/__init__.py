"""The data behind names: equipment and ambience noise, recorded noise, microphones; and the library of them."""
