"""What people use instead, and Rowmill itself, each as a program that carries out orders from its standard input."""
