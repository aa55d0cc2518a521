//! SQL from arguments, files and standard input.

use std::fs::File;
use std::io::{self, Read};

use ec2ql_engine::Error;

use crate::args::Source;

/// The engine refuses longer texts; no more than one byte over that is read.
const TEXT_BYTES_MAX: u64 = 1024 * 1024 + 1;

/// The texts to run; none: the shell asks for them.
pub(crate) fn texts(source: &Source, interactive: bool) -> Result<Option<Vec<String>>, Error> {
    match source {
        Source::Input if interactive => Ok(None),
        Source::Input | Source::Stdin => read(io::stdin().lock(), "standard input").map(|text| Some(vec![text])),
        Source::Texts(texts) => Ok(Some(texts.clone())),
        Source::File(path) => {
            let name = path.display().to_string();
            let file = File::open(path).map_err(|error| Error::input(&name, error))?;
            read(file, &name).map(|text| Some(vec![text]))
        }
    }
}

fn read(from: impl Read, name: &str) -> Result<String, Error> {
    let mut bytes = Vec::new();
    from.take(TEXT_BYTES_MAX).read_to_end(&mut bytes).map_err(|error| Error::input(name, error))?;
    // The last character may have been cut; then the text is too long anyway.
    let text = if bytes.len() as u64 == TEXT_BYTES_MAX {
        String::from_utf8_lossy(&bytes).into_owned()
    } else {
        String::from_utf8(bytes).map_err(|_| Error::usage(format!("\"{name}\" is not UTF-8"), None))?
    };
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
