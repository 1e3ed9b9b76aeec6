// A reader of ledgers that is not ours: golang.org/x/mod/sumdb/{note,tlog} as Debian ships them. What they do not
// know, cosignatures and tlog-proof, is read here from the pages of C2SP.
//
//	sumdb LOG-KEY WITNESS-KEY FOLDER
//
// The folder is one of a ledger, with these beside: checkpoint.old, consistency (lines of base64), and files that end in
// .tlog-proof. Prints what it verified; the first disagreement ends it with status 1.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func check(err error, what string) {
	if err != nil {
		fmt.Println("FAIL", what+":", err)
		os.Exit(1)
	}
}

func demand(holds bool, what string) {
	if !holds {
		check(fmt.Errorf("it does not hold"), what)
	}
}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	check(err, path)
	return data
}

// cosigner verifies signatures of type 4 (c2sp.org/tlog-cosignature).
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newCosigner(vkey string) *cosigner {
	parts := strings.SplitN(strings.TrimSpace(vkey), "+", 3)
	body, err := base64.StdEncoding.DecodeString(parts[2])
	check(err, "witness key")
	demand(len(body) == 33 && body[0] == 4, "type of the witness key")
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), body...))
	id := binary.BigEndian.Uint32(sum[:])
	demand(fmt.Sprintf("%08x", id) == parts[1], "id of the witness key")
	return &cosigner{parts[0], id, ed25519.PublicKey(body[1:])}
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }
func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	text := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), msg)
	return ed25519.Verify(c.key, []byte(text), sig[8:])
}

// tree opens a checkpoint; ParseTree of x/mod takes that of go.sum's database alone.
func tree(text []byte, origin string, need int, verifiers ...note.Verifier) tlog.Tree {
	n, err := note.Open(text, note.VerifierList(verifiers...))
	check(err, "signatures of the checkpoint")
	demand(len(n.Sigs) == need, fmt.Sprintf("%d signatures, %d are due", len(n.Sigs), need))
	lines := strings.Split(n.Text, "\n")
	demand(lines[0] == origin, "origin "+lines[0])
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err, "size")
	root, err := tlog.ParseHash(lines[2])
	check(err, "root")
	return tlog.Tree{N: size, Hash: root}
}

// tiles reads files as c2sp.org/tlog-tiles names them: without the height that x/mod has in its paths.
type tiles struct{ folder string }

func (t tiles) Height() int                      { return 8 }
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t tiles) ReadTiles(all []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, tile := range all {
		full := tile
		full.W = 256
		data, err := os.ReadFile(filepath.Join(t.folder, strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
		if err != nil {
			data, err = os.ReadFile(filepath.Join(t.folder, strings.Replace(full.Path(), "tile/8/", "tile/", 1)))
		}
		if err != nil {
			return nil, err
		}
		out = append(out, data[:tile.W*tlog.HashSize])
	}
	return out, nil
}

// entry reads one entry from its bundle.
func entry(folder string, index, size int64) []byte {
	tile := tlog.Tile{H: 8, L: -1, N: index / 256, W: 256}
	if (index/256+1)*256 > size {
		tile.W = int(size % 256)
	}
	data := read(filepath.Join(folder, strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1)))
	for skip := index % 256; ; skip-- {
		length := binary.BigEndian.Uint16(data)
		if skip == 0 {
			return data[2 : 2+length]
		}
		data = data[2+length:]
	}
}

func hashes(lines []string) []tlog.Hash {
	var out []tlog.Hash
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		check(err, "hash "+line)
		out = append(out, hash)
	}
	return out
}

// proof verifies a text of c2sp.org/tlog-proof, whose extra data are salt and entry.
func proof(text string, origin string, log, witness note.Verifier) int64 {
	head, checkpoint, found := strings.Cut(text, "\n\n")
	demand(found, "empty line of the proof")
	lines := strings.Split(head, "\n")
	demand(lines[0] == "c2sp.org/tlog-proof@v1", "first line of the proof")
	extra, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	check(err, "extra data")
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	check(err, "index")
	now := tree([]byte(checkpoint), origin, 2, log, witness)
	leaf := sha256.Sum256(append([]byte("firmseal/1 log entry"), extra...))
	check(tlog.CheckRecord(hashes(lines[3:]), now.N, now.Hash, index, tlog.RecordHash(leaf[:])), "inclusion")
	return index
}

func main() {
	log, err := note.NewVerifier(strings.TrimSpace(os.Args[1]))
	check(err, "ledger key")
	witness, folder := newCosigner(os.Args[2]), os.Args[3]
	origin := log.Name()
	now := tree(read(filepath.Join(folder, "checkpoint")), origin, 2, log, witness)
	old := tree(read(filepath.Join(folder, "checkpoint.old")), origin, 1, log)

	reader := tlog.TileHashReader(now, tiles{folder}) // every tile is held against the root
	own, err := tlog.ProveTree(now.N, old.N, reader)
	check(err, "consistency from tiles")
	check(tlog.CheckTree(own, now.N, now.Hash, old.N, old.Hash), "consistency")
	given := hashes(strings.Fields(string(read(filepath.Join(folder, "consistency")))))
	check(tlog.CheckTree(given, now.N, now.Hash, old.N, old.Hash), "consistency as the ledger proves it")
	fmt.Println("consistent", old.N, now.N)
	for _, index := range []int64{0, 1, 255, 256, old.N - 1, old.N, now.N / 2, now.N - 1} {
		p, err := tlog.ProveRecord(now.N, index, reader)
		check(err, "inclusion from tiles")
		hash := tlog.RecordHash(entry(folder, index, now.N))
		check(tlog.CheckRecord(p, now.N, now.Hash, index, hash), fmt.Sprint("entry ", index))
	}
	fmt.Println("entries included")
	texts, _ := filepath.Glob(filepath.Join(folder, "*.tlog-proof"))
	for _, path := range texts {
		fmt.Println("proof of", proof(string(read(path)), origin, log, witness))
	}
	fmt.Println("OK")
}
