package diag

// Distance is the optimal string alignment distance (insert, delete, replace, swap of neighbours), or limit when it is no less.
func Distance(a, b string, limit int) int {
	const longest = 300
	if len(a) > longest || len(b) > longest {
		return limit
	}
	var rows [3][longest + 1]int32 // on the stack: this is called for every known name
	prev2, prev, cur := rows[0][:len(b)+1], rows[1][:len(b)+1], rows[2][:len(b)+1]
	for j := range prev {
		prev[j] = int32(j)
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = int32(i)
		low := cur[0]
		for j := 1; j <= len(b); j++ {
			cost := int32(1)
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
			low = min(low, cur[j])
		}
		if int(low) >= limit {
			return limit
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return int(prev[len(b)])
}
