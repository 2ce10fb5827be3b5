/** Whether a name fits a pattern in which `*` stands for any letters and `?` for one. */
export function fits(pattern: string, name: string): boolean {
	const expression = pattern
		.replace(/[.+^${}()|[\]\\]/g, "\\$&")
		.replaceAll("*", ".*")
		.replaceAll("?", ".");
	return new RegExp(`^${expression}$`).test(name);
}
