"""certgraph serve, schema."""


def serve(folder, host, port):
    return 0


def add_to(commands):
    pass
