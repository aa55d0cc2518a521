use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::load::load;
use crate::{Error, Table, TableName};

/// Every table file that `build.rs` found: its path below this crate, and its text.
const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The tables that exist. Making one parses nothing; a table's file is parsed when it is first asked for.
#[derive(Clone)]
pub struct Catalog {
    entries: Arc<[Entry]>,
}

struct Entry {
    name: TableName,
    path: Cow<'static, str>,
    text: Cow<'static, str>,
    table: OnceLock<Result<Arc<Table>, Error>>,
}

impl Catalog {
    /// The tables that ship with this crate.
    pub fn embedded() -> Self {
        let entries = EMBEDDED.iter().filter_map(|&(path, text)| entry(path.into(), text.into()).ok());
        Self { entries: sorted(entries.collect()) }
    }

    /// The tables in the files handed in, each a path such as `aws/ec2_api/images.toml` and its text.
    ///
    /// # Errors
    /// A path is not `aws/<schema>/<table>.toml`, has a reserved name, or comes twice. What the files
    /// say is checked when the table is asked for.
    pub fn from_files(files: impl IntoIterator<Item = (String, String)>) -> Result<Self, Error> {
        let entries = files.into_iter().map(|(path, text)| entry(path.into(), text.into()));
        let entries = sorted(entries.collect::<Result<_, _>>()?);
        for pair in entries.windows(2) {
            if let [a, b] = pair
                && a.name == b.name
            {
                return Err(Error::new(&b.path, 1, 1, format!("the table {} comes twice", b.name)));
            }
        }
        Ok(Self { entries })
    }

    /// The names of all tables, sorted. Parses nothing.
    pub fn names(&self) -> impl Iterator<Item = &TableName> {
        self.entries.iter().map(|entry| &entry.name)
    }

    /// The table with exactly this schema and name; parsed on first use, once.
    ///
    /// # Errors
    /// The inner result is an error when the table's file is refused.
    pub fn table(&self, schema: &str, table: &str) -> Option<Result<Arc<Table>, Error>> {
        let key = |entry: &Entry| (entry.name.schema.as_str(), entry.name.table.as_str()).cmp(&(schema, table));
        let entry = self.entries.get(self.entries.binary_search_by(key).ok()?)?;
        let parse = || load(&entry.path, entry.name.clone(), &entry.text).map(Arc::new);
        Some(entry.table.get_or_init(parse).clone())
    }
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names().map(ToString::to_string)).finish()
    }
}

fn entry(path: Cow<'static, str>, text: Cow<'static, str>) -> Result<Entry, Error> {
    let name = TableName::from_path(&path)?;
    Ok(Entry { name, path, text, table: OnceLock::new() })
}

fn sorted(mut entries: Vec<Entry>) -> Arc<[Entry]> {
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    entries.into()
}
