//! Puts the stylesheets of `style/` and the files of `public/` into the binary, so that it serves its own assets from
//! wherever it is started.
//!
//! Writes `assets.rs` to `OUT_DIR`: a table of [`Asset`](src/assets.rs)s sorted by path, with content hashes in the
//! paths, gzipped twins of what compresses, and nothing read at run time. `public/pkg` is the browser bundle of
//! `cargo xtask build`; without it the binary builds just the same and its pages load no script.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

/// These stylesheets come first and in this order; others follow by name. The order of layers stands in `tokens.css`.
const FIRST_STYLES: [&str; 3] = ["tokens.css", "base.css", "layouts.css"];
/// Browsers ask for it at the root.
const AT_ROOT: [&str; 1] = ["favicon.ico"];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("CARGO_MANIFEST_DIR is not set")?).join("..");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);

    let mut files = BTreeMap::new();
    collect(&root.join("public"), "", &mut files)?;
    let bundle: BTreeMap<_, _> = files
        .iter()
        .filter_map(|(name, bytes)| Some((name.strip_prefix("pkg/")?.to_owned(), bytes.clone())))
        .collect();
    files.retain(|name, _| !name.starts_with("pkg/"));
    files.insert("site.css".to_owned(), stylesheet(&root.join("style"))?);

    let mut table = Table::new(out);
    for (name, bytes) in &files {
        let source = table.store(name, bytes)?;
        let hashed = format!("/assets/{}", with_hash(name, &short_hash(bytes)));
        table.serve(&format!("/assets/{name}"), None, &source);
        table.serve(&hashed, Some(name), &source);
        if AT_ROOT.contains(&name.as_str()) {
            table.serve(&format!("/{name}"), None, &source);
        }
    }
    // The files of the bundle name each other by relative URL: one hash over all of them, in the folder.
    let folder = short_hash(&bundle.values().flatten().copied().collect::<Vec<_>>());
    for (name, bytes) in &bundle {
        let logical = format!("pkg/{name}");
        let source = table.store(&logical, bytes)?;
        table.serve(&format!("/pkg/{folder}/{name}"), Some(&logical), &source);
    }
    table.write()
}

/// Reads every file below `folder` and has cargo watch it. Hidden files are left out; a missing folder is an empty one.
fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) -> Result<(), Box<dyn Error>> {
    if !folder.is_dir() {
        return Ok(());
    }
    watch(folder);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let file_name = entry
            .file_name()
            .into_string()
            .map_err(|name| format!("{} is not UTF-8", name.display()))?;
        if file_name.starts_with('.') {
            continue;
        }
        let name = format!("{prefix}{file_name}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{name}/"), files)?;
        } else {
            watch(&entry.path());
            files.insert(name, fs::read(entry.path())?);
        }
    }
    Ok(())
}

fn watch(path: &Path) {
    println!("cargo:rerun-if-changed={}", path.display());
}

/// All stylesheets as one.
fn stylesheet(folder: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut sheets = BTreeMap::new();
    collect(folder, "", &mut sheets)?;
    let mut names: Vec<&String> = sheets.keys().filter(|name| extension(name) == "css").collect();
    names.sort_by_key(|name| {
        FIRST_STYLES
            .iter()
            .position(|first| first == name)
            .unwrap_or(FIRST_STYLES.len())
    });
    let mut all = Vec::new();
    for name in names {
        all.extend_from_slice(&sheets[name]);
        all.push(b'\n');
    }
    Ok(all)
}

/// 12 hexadecimal digits of the content's SHA-256: enough to tell our own few dozen files apart.
fn short_hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .take(6)
        .fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// `icons/mark.svg` → `icons/mark.3fa9c1.svg`
fn with_hash(name: &str, hash: &str) -> String {
    let (folder, file) = name
        .rsplit_once('/')
        .map_or(("", name), |(folder, _)| (folder, &name[folder.len() + 1..]));
    let (stem, extension) = file.rsplit_once('.').unwrap_or((file, ""));
    let slash = if folder.is_empty() { "" } else { "/" };
    if extension.is_empty() {
        format!("{folder}{slash}{stem}.{hash}")
    } else {
        format!("{folder}{slash}{stem}.{hash}.{extension}")
    }
}

fn extension(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// The content type of a file, and whether gzip makes it smaller.
fn content_type(name: &str) -> Result<(&'static str, bool), String> {
    Ok(match extension(name) {
        "css" => ("text/css; charset=utf-8", true),
        "html" => ("text/html; charset=utf-8", true),
        "ico" => ("image/x-icon", false),
        "jpg" => ("image/jpeg", false),
        "js" => ("text/javascript; charset=utf-8", true),
        "json" => ("application/json", true),
        "md" => ("text/markdown; charset=utf-8", true),
        "png" => ("image/png", false),
        "svg" => ("image/svg+xml", true),
        "txt" => ("text/plain; charset=utf-8", true),
        "wasm" => ("application/wasm", true),
        "webmanifest" => ("application/manifest+json", true),
        "webp" => ("image/webp", false),
        "woff2" => ("font/woff2", false),
        "xml" => ("application/xml", true),
        _ => {
            return Err(format!(
                "public/{name}: no content type is known for this extension; see server/build.rs"
            ));
        }
    })
}

/// The generated source: one static per file, one row per path.
struct Table {
    out: PathBuf,
    statics: String,
    /// path → row
    rows: BTreeMap<String, String>,
    /// name below `public/` → hashed path
    urls: BTreeMap<String, String>,
}

impl Table {
    fn new(out: PathBuf) -> Self {
        Self {
            out,
            statics: String::new(),
            rows: BTreeMap::new(),
            urls: BTreeMap::new(),
        }
    }

    /// Adds a file's bytes, returns the fields of a row that they fill.
    fn store(&mut self, name: &str, bytes: &[u8]) -> Result<String, Box<dyn Error>> {
        let (content_type, compressible) = content_type(name)?;
        let hash = short_hash(bytes);
        fs::write(self.out.join(&hash), bytes)?;
        let index = self.statics.lines().count() / 2;
        writeln!(
            self.statics,
            "static FILE_{index}: &[u8] = {};",
            include_from_out(&hash)
        )?;

        let packed = if compressible { gzip(bytes)? } else { Vec::new() };
        // Below a tenth saved, unpacking costs the reader more than it spares the wire.
        let gzip = if compressible && packed.len() * 10 < bytes.len() * 9 {
            let file = format!("{hash}.gz");
            fs::write(self.out.join(&file), packed)?;
            format!("Some({})", include_from_out(&file))
        } else {
            "None".to_owned()
        };
        writeln!(self.statics, "static GZIP_{index}: Option<&[u8]> = {gzip};")?;
        let index_fields = format!("bytes: FILE_{index}, gzip: GZIP_{index}");
        Ok(format!(
            "hash: {hash:?}, content_type: {content_type:?}, {index_fields}"
        ))
    }

    /// Serves a stored file at `path`. With `name` the path holds the content's hash: it becomes the URL of that name and
    /// may be cached for ever.
    fn serve(&mut self, path: &str, name: Option<&str>, fields: &str) {
        let immutable = name.is_some();
        self.rows.insert(
            path.to_owned(),
            format!("Asset {{ path: {path:?}, {fields}, immutable: {immutable} }}"),
        );
        if let Some(name) = name {
            self.urls.insert(name.to_owned(), path.to_owned());
        }
    }

    fn write(&self) -> Result<(), Box<dyn Error>> {
        let stylesheet = self.urls.get("site.css").ok_or("site.css was not stored")?;
        let mut source = self.statics.clone();
        writeln!(source, "pub(super) const STYLESHEET: &str = {stylesheet:?};")?;
        writeln!(source, "/// Sorted by path.\npub(super) static ASSETS: &[Asset] = &[")?;
        for row in self.rows.values() {
            writeln!(source, "    {row},")?;
        }
        writeln!(
            source,
            "];\n/// Name below `public/` and its hashed path, sorted by name."
        )?;
        writeln!(source, "pub(super) static URLS: &[(&str, &str)] = &[")?;
        for (name, path) in &self.urls {
            writeln!(source, "    ({name:?}, {path:?}),")?;
        }
        source.push_str("];\n");
        fs::write(self.out.join("assets.rs"), source)?;
        Ok(())
    }
}

fn include_from_out(file: &str) -> String {
    format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{file}\"))")
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}
