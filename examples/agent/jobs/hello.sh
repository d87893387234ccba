echo "hello from $(hostname)"
