// A hint, not a gate: the core decides what is too weak. The estimate is deliberately low: it counts what an
// attacker who knows the usual habits would have to try, not the letters.

export interface Strength {
	/** 0 very weak … 4 strong */
	score: 0 | 1 | 2 | 3 | 4;
	words: string;
	advice: string | null;
}

const habits = [
	"password",
	"passphrase",
	"qwerty",
	"letmein",
	"holdfast",
	"admin",
	"secret",
	"welcome",
	"12345",
	"abcde",
];

export function strength(passphrase: string): Strength {
	const bits = guessBits(passphrase);
	if (passphrase.length === 0)
		return { score: 0, words: "", advice: "Five unrelated words are strong and easy to keep." };
	if (bits < 28) return { score: 0, words: "Very weak", advice: "Guessed within minutes. Add more words." };
	if (bits < 40) return { score: 1, words: "Weak", advice: "Add two or three unrelated words." };
	if (bits < 50) return { score: 2, words: "Fair", advice: "One more unrelated word makes it good." };
	if (bits < 60) return { score: 3, words: "Good", advice: null };
	return { score: 4, words: "Strong", advice: null };
}

function guessBits(passphrase: string): number {
	let text = passphrase.toLowerCase();
	let bits = 0;
	for (const habit of habits) {
		if (text.includes(habit)) {
			text = text.replaceAll(habit, "");
			bits += 6;
		}
	}
	// Words of a common list carry about 12 bits each; letters inside a word carry little more.
	for (const word of text.split(/[\s\-_.,;]+/).filter(Boolean)) {
		const distinct = new Set(word).size;
		const letters = /^[a-z]+$/.test(word);
		const perLetter = letters ? 2.4 : 4.2;
		const spelled = Math.min(word.length, distinct * 1.5) * perLetter;
		bits += letters && word.length >= 4 && distinct >= 3 ? Math.max(12, spelled) : spelled;
	}
	return bits;
}
