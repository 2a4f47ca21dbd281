package bpe_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ssrl/internal/bpe"
	"ssrl/internal/golden"
)

// benchText is the reference strings below 3,000 bytes, joined: 20 languages,
// code, emoji.
func benchText(b *testing.B) string {
	var text strings.Builder
	for _, c := range lines[stringCase](b, golden.Dir(b, "tokenizer", "strings.jsonl.gz")) {
		if len(c.Text) < 3000 {
			text.WriteString(c.Text)
			text.WriteByte('\n')
		}
	}
	return text.String()
}

// BenchmarkEncode/cold meets every word for the first time.
func BenchmarkEncode(b *testing.B) {
	text := benchText(b)
	b.Run("cold", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			b.StopTimer()
			tok, _ := qwen(b)
			b.StartTimer()
			tok.Encode(text, true)
		}
	})
	b.Run("warm", func(b *testing.B) {
		tok, _ := qwen(b)
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			tok.Encode(text, true)
		}
	})
	b.Run("english", func(b *testing.B) {
		tok, _ := qwen(b)
		text := strings.Repeat("Which of the three regions marked 1, 2 and 3 is nearest to the camera? It's the second one.\n", 1000)
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			tok.Encode(text, true)
		}
	})
	b.Run("one word", func(b *testing.B) {
		tok, _ := qwen(b)
		text := strings.Repeat("abracadabra", 20000)
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			tok.Encode(text, true)
		}
	})
	b.Run("decomposed", func(b *testing.B) {
		tok, _ := qwen(b)
		text := strings.Repeat("Tie\u0302\u0301ng Vie\u0323\u0302t co\u0301 da\u0302\u0301u. ", 5000)
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			tok.Encode(text, true)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	tok, _ := qwen(b)
	text := benchText(b)
	ids := tok.Encode(text, true)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		tok.Decode(ids, false)
	}
}

func BenchmarkLoad(b *testing.B) {
	dir := golden.Dir(b, "tokenizer")
	for b.Loop() {
		_, err := bpe.Load(dir)
		require.NoError(b, err)
	}
}
