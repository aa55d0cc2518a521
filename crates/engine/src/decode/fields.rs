//! The members of one structure: which child element goes into which builder.

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::error::ArrowError;
use ec2ql_ec2::{Document, Error};

use super::builder::Builder;

/// What happens to a child element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// Known to the table, not wanted by the statement.
    Skip,
    /// Read into the builder at this place.
    Build(usize),
    /// The list whose items are the next level of rows.
    Rows,
}

/// Takes the element of `Use::Rows` that was just entered; returns the bytes of text kept.
pub(super) type ReadRows<'r> = &'r mut dyn FnMut(&mut Document<'_>) -> Result<usize, Error>;

#[derive(Debug, Default)]
pub(super) struct FieldSet {
    names: Vec<(String, Use)>,
    builders: Vec<Builder>,
    /// The structure in which each name was last seen: a second time in the same one is a bad document.
    seen: Vec<u64>,
    structure: u64,
    /// Elements arrive in an order that seldom changes: the search starts after the last hit.
    next: usize,
    /// An element that may stand between an item and its fields.
    wrapper: Option<String>,
}

impl FieldSet {
    /// Every member of a structure, built.
    pub(super) fn of_struct(fields: &[ec2ql_catalog::Field], path: &str) -> Self {
        let mut set = Self::default();
        for field in fields {
            set.build(&field.wire, Builder::new(&field.data_type, format!("{path}.{}", field.name)));
        }
        set
    }

    pub(super) fn with_wrapper(wrapper: Option<String>) -> Self {
        Self { wrapper, ..Self::default() }
    }

    /// Reads children called `wire` into this builder; returns its place.
    pub(super) fn build(&mut self, wire: &str, builder: Builder) -> usize {
        let place = self.builders.len();
        self.builders.push(builder);
        self.name(wire, Use::Build(place));
        place
    }

    /// Says what becomes of children called `wire`.
    pub(super) fn name(&mut self, wire: &str, what: Use) {
        self.names.push((wire.to_owned(), what));
        self.seen.push(0);
    }

    /// The place of the builder that reads `wire`, if one does.
    pub(super) fn place(&self, wire: &str) -> Option<usize> {
        self.names.iter().find_map(|(known, what)| match what {
            Use::Build(place) if known == wire => Some(*place),
            _ => None,
        })
    }

    pub(super) fn knows(&self, wire: &str) -> bool {
        self.names.iter().any(|(known, _)| known == wire)
    }

    /// True when no child of the structure is wanted: the whole of it can be skipped.
    pub(super) fn is_unwanted(&self) -> bool {
        self.names.iter().all(|(_, what)| *what == Use::Skip)
    }

    /// Reads the structure that was just entered, to its end; absent members become NULL.
    pub(super) fn read(&mut self, document: &mut Document<'_>, rows: Option<ReadRows<'_>>) -> Result<usize, Error> {
        self.structure += 1;
        self.next = 0;
        let bytes = self.children(document, rows)?;
        for ((_, what), seen) in self.names.iter().zip(&self.seen) {
            if let (Use::Build(place), true) = (what, *seen != self.structure)
                && let Some(builder) = self.builders.get_mut(*place)
            {
                builder.append_null();
            }
        }
        Ok(bytes)
    }

    pub(super) fn append_nulls(&mut self) {
        self.builders.iter_mut().for_each(Builder::append_null);
    }

    pub(super) fn finish(&mut self) -> Result<Vec<ArrayRef>, ArrowError> {
        self.builders.iter_mut().map(Builder::finish).collect()
    }

    fn children(&mut self, document: &mut Document<'_>, mut rows: Option<ReadRows<'_>>) -> Result<usize, Error> {
        let mut bytes = 0;
        while let Some(name) = document.child()? {
            let Some(place) = self.find(name) else {
                if self.wrapper.as_deref() == Some(name) {
                    bytes += self.children(document, rows.as_deref_mut().map(|rows| rows as ReadRows<'_>))?;
                } else {
                    document.skip()?;
                }
                continue;
            };
            if let Some(seen) = self.seen.get_mut(place)
                && std::mem::replace(seen, self.structure) == self.structure
            {
                return Err(document.invalid(format!("element \"{name}\" stands twice in one structure")));
            }
            let what = self.names.get(place).map_or(Use::Skip, |(_, what)| *what);
            bytes += match (what, &mut rows) {
                (Use::Build(place), _) => match self.builders.get_mut(place) {
                    Some(builder) => builder.read(document)?,
                    None => 0,
                },
                (Use::Rows, Some(rows)) => rows(document)?,
                (Use::Skip | Use::Rows, _) => {
                    document.skip()?;
                    0
                }
            };
        }
        Ok(bytes)
    }

    fn find(&mut self, name: &str) -> Option<usize> {
        let (before, after) = self.names.split_at(self.next.min(self.names.len()));
        let found = after
            .iter()
            .position(|(known, _)| known == name)
            .map(|place| place + before.len())
            .or_else(|| before.iter().position(|(known, _)| known == name))?;
        self.next = found + 1;
        Some(found)
    }
}
