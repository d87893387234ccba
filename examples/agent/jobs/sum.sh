# A job that has something to do.
n=0
for i in $(seq 1000); do
    n=$((n + i))
done
echo "the sum is $n"
