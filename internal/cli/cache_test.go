package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/compiler/known"
)

// home is a user's home for the test, with a program whose proof is worth keeping; it returns what builds the program.
func home(t *testing.T) (dir string, build func(env ...string) string) {
	t.Helper()
	dir = t.TempDir()
	t.Setenv("HOME", dir)
	t.Setenv("LocalAppData", filepath.Join(dir, "cache"))
	t.Setenv("AppData", filepath.Join(dir, "config"))
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	return dir, func(env ...string) string {
		t.Helper()
		var out, said bytes.Buffer
		code := Main([]string{"build", filepath.Join(dir, "mesh.zt")}, nil, &out, &said, append([]string{"HOME=" + dir}, env...))
		if code != exitOK && code != exitFailed {
			t.Fatalf("exit code %d: %.500s", code, said.String())
		}
		return fmt.Sprintf("%d\n%s\n%s", code, out.String(), said.String())
	}
}

// mesh is a program of some workloads, whose proofs fail or not.
func mesh(t *testing.T, dir, change string) {
	t.Helper()
	var b strings.Builder
	b.WriteString("deny all in default\n")
	for i := range 2 * worth {
		fmt.Fprintf(&b, "allow a%d -> b%d GET\n", i, i)
	}
	if err := os.WriteFile(filepath.Join(dir, "mesh.zt"), []byte(b.String()+change), 0o666); err != nil {
		t.Fatal(err)
	}
}

// stored are the names of the files of facts below a directory.
func stored(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestCache(t *testing.T) {
	dir, build := home(t)
	mesh(t, dir, "")
	off := build("ZTC_CACHE=off")
	if left := stored(t, filepath.Join(dir, "c*")); len(left) > 0 {
		t.Fatalf("without a cache %v is left", left)
	}
	at := filepath.Join(dir, "cache", "ztc")
	if runtime.GOOS == "darwin" {
		at = filepath.Join(dir, "Library", "Caches", "ztc")
	}
	same := func(what string) {
		t.Helper()
		if got := build(); got != off {
			t.Fatalf("%s: it is\n%.2000s\nand without a cache\n%.2000s", what, got, off)
		}
	}
	same("cold")
	files := stored(t, at)
	if len(files) != 1 || filepath.Ext(files[0]) != ".facts" {
		t.Fatalf("there is %v", files)
	}
	file := files[0]
	first := read(t, file)
	same("warm")
	if !bytes.Equal(read(t, file), first) {
		t.Error("a build that proved nothing new has written")
	}
	// What is damaged, or of another user, is proven again, and written anew.
	for what, text := range map[string][]byte{
		"empty": nil, "cut": first[:len(first)/2], "a bit": append(append([]byte{}, first[:100]...), append([]byte{first[100] ^ 1}, first[101:]...)...), "no file of facts": []byte("x"),
	} {
		write(t, file, text, 0o600)
		same(what)
		if !bytes.Equal(read(t, file), first) {
			t.Errorf("%s: it is not what a build from nothing writes", what)
		}
	}
	// One that cannot be read or written is none.
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(file, 0o700); err != nil {
		t.Fatal(err)
	}
	same("a directory in the place of the file")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	same("again")
	// A change costs its facts.
	mesh(t, dir, "allow web -> api\n")
	if build("ZTC_CACHE=off") != build() {
		t.Error("a changed program is built otherwise")
	}
	if bytes.Equal(read(t, file), first) {
		t.Error("what a change proves is not kept")
	}
	// A failure is never kept: it is said each time.
	mesh(t, dir, "prove never a1 -> b1\n")
	off = build("ZTC_CACHE=off")
	if !strings.HasPrefix(off, "1\n") {
		t.Fatalf("the proof does not fail: %s", off)
	}
	same("failing")
	same("failing again")
}

// The key that facts are sealed with is the user's alone. With another one nothing is known.
func TestCacheKey(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("permissions and directories are those of other systems")
	}
	dir, build := home(t)
	mesh(t, dir, "")
	off := build("ZTC_CACHE=off")
	build()
	key := filepath.Join(dir, "config", "ztc", "cache.key")
	info, err := os.Stat(key)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != keySize {
		t.Fatalf("the key: %v, %v", info, err)
	}
	file := stored(t, filepath.Join(dir, "cache", "ztc"))[0]
	first := read(t, file)
	write(t, key, bytes.Repeat([]byte{1}, keySize), 0o600)
	if build() != off {
		t.Error("another key changes the output")
	}
	second := read(t, file)
	if bytes.Equal(first, second) {
		t.Error("what another key has sealed is taken")
	}
	write(t, key, []byte("x"), 0o600)
	if build() != off || bytes.Equal(read(t, file), second) || len(read(t, key)) != keySize {
		t.Error("a key that is cut is not replaced")
	}
	second = read(t, file)
	for what, bad := range map[string]func(){
		"that others can read": func() { write(t, key, bytes.Repeat([]byte{2}, keySize), 0o644) },
		"that is a link": func() {
			write(t, key+"2", bytes.Repeat([]byte{2}, keySize), 0o600)
			if err := os.Remove(key); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(key+"2", key); err != nil {
				t.Fatal(err)
			}
		},
	} {
		bad()
		write(t, file, second, 0o600)
		if build() != off {
			t.Errorf("a key %s changes the output", what)
		}
		if !bytes.Equal(read(t, file), second) {
			t.Errorf("with a key %s something is sealed", what)
		}
	}
}

// ZTC_CACHE says where facts are kept; what is too little is not.
func TestCacheDir(t *testing.T) {
	dir, build := home(t)
	mesh(t, dir, "")
	at := filepath.Join(dir, "elsewhere")
	build("ZTC_CACHE=" + at)
	if files := stored(t, at); len(files) != 1 {
		t.Errorf("there is %v", files)
	}
	for i := range keptFiles + 3 {
		write(t, filepath.Join(at, fmt.Sprintf("%03d.facts", i)), nil, 0o600)
	}
	mesh(t, dir, "allow web -> api\n")
	build("ZTC_CACHE=" + at)
	if files := stored(t, at); len(files) != keptFiles {
		t.Errorf("%d files are kept", len(files))
	}
	if err := os.RemoveAll(at); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "mesh.zt"), []byte("deny all in default\nallow web -> api\n"), 0o600)
	build("ZTC_CACHE=" + at)
	if files := stored(t, at); len(files) != 0 {
		t.Errorf("of a small program there is %v", files)
	}
}

// What is wrong with ZTC_CACHE is bad usage, and --stats says why nothing is kept.
func TestNoCache(t *testing.T) {
	dir, _ := home(t)
	mesh(t, dir, "")
	for env, want := range map[string]string{
		"ZTC_CACHE=off":  "no proofs are kept: ZTC_CACHE is off\n",
		"ZTC_CACHE=here": "ZTC_CACHE is \"here\", and wants an absolute path, or off\n",
		"HOME=":          "no proofs are kept: there is no home directory\n",
		"ZTC_CACHE=":     "0 known facts, 1000 new facts\n",
	} {
		var out, said bytes.Buffer
		code := Main([]string{"build", "--stats", filepath.Join(dir, "mesh.zt")}, nil, &out, &said, []string{"HOME=" + dir, env})
		if wantCode := map[bool]int{true: exitUsage, false: exitOK}[env == "ZTC_CACHE=here"]; code != wantCode || !strings.Contains(said.String(), want) {
			t.Errorf("%s: exit code %d, and it says\n%s", env, code, said.String())
		}
	}
}

// A few facts are kept where they took long.
func TestWorth(t *testing.T) {
	c := &cache{facts: known.Read(nil, nil, ""), dir: t.TempDir(), file: "x.facts", key: []byte("key"), model: "m"}
	for i, steps := range []int{worthSteps - 1, 1} {
		c.facts.Learn(known.Digest{byte(i)}, steps)
		c.save()
		if files := stored(t, c.dir); len(files) != i {
			t.Errorf("after %d facts there is %v", i+1, files)
		}
	}
}

// What names the executable is what Go's linker gave it, or its content.
func TestExecutable(t *testing.T) {
	name, err := executable()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := executable(); err != nil || again != name || len(name) < 40 {
		t.Errorf("it is %q, and then %q, %v", name, again, err)
	}
	for text, want := range map[string]string{
		"\x04\x00\x00\x00\x07\x00\x00\x00\x04\x00\x00\x00Go\x00\x00a/b/c/drest": "a/b/c/d",
		"x\xff Go build ID: \"a/b/c/d\"\n \xff":                                 "a/b/c/d",
		"\x04\x00\x00\x00\xff\xff\xff\xff\x04\x00\x00\x00Go\x00\x00a/b/c/d":     "",
		"\x04\x00\x00\x00Go\x00\x00a/b/c/d":                                     "",
		"\xff Go build ID: \"a/b":                                               "",
		"":                                                                      "",
	} {
		if got := buildID([]byte(text)); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func write(t *testing.T, name string, text []byte, mode os.FileMode) {
	t.Helper()
	_ = os.Remove(name)
	if err := os.WriteFile(name, text, mode); err != nil {
		t.Fatal(err)
	}
}
