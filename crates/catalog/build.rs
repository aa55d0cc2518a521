//! Embeds every table file under `aws/`. No list names the files: a new file is a new table.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

#[path = "src/walk.rs"]
mod walk;

fn main() -> Result<(), Box<dyn Error>> {
    let root = env::var("CARGO_MANIFEST_DIR")?;
    let out = env::var("OUT_DIR")?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/walk.rs");
    println!("cargo::rerun-if-changed=aws");

    let mut source = String::from("&[\n");
    for (name, path) in walk::table_files(Path::new(&root))? {
        // The text and not its path, so that a build folder works for a checkout elsewhere.
        writeln!(source, "    ({name:?}, {:?}),", fs::read_to_string(path)?)?;
    }
    source.push_str("]\n");
    fs::write(Path::new(&out).join("embedded.rs"), source)?;
    Ok(())
}
