//! Rows that nest: `reservationSet/item/instancesSet/item` has two levels, and a row of the last one also shows
//! what its parents hold.

use datafusion::arrow::array::{ArrayRef, UInt32Array};
use datafusion::arrow::compute::take;
use datafusion::arrow::error::ArrowError;
use ec2ql_catalog::{Column, Table, Type};
use ec2ql_ec2::{Document, Error};

use super::builder::Builder;
use super::fields::{FieldSet, Use};

#[derive(Debug)]
pub(super) struct Levels(Vec<Level>);

#[derive(Debug)]
struct Level {
    fields: FieldSet,
    /// Per item of this level: how many items of the next level it holds. Empty on the last level.
    children: Vec<u32>,
    /// Items of this level so far.
    items: u32,
}

/// The finished columns of every level.
pub(super) struct Built {
    pub(super) rows: usize,
    /// The ordinal of each row in its parent, from 1.
    pub(super) positions: Vec<i32>,
    columns: Vec<Vec<ArrayRef>>,
    /// Per level but the last: which of its items each row belongs to.
    parents: Vec<UInt32Array>,
}

impl Levels {
    pub(super) fn new(table: &Table) -> Self {
        let next = table.rows.iter().skip(1).map(Some).chain([None]);
        let levels = table.rows.iter().zip(next).map(|(level, next)| {
            let mut fields = FieldSet::with_wrapper(level.wrapper.clone());
            if let Some(next) = next {
                fields.name(&next.list, Use::Rows);
            }
            Level { fields, children: vec![], items: 0 }
        });
        Self(levels.collect())
    }

    /// Wants this column; returns its place in its level. The same element may serve two columns.
    pub(super) fn build(&mut self, column: &Column) -> usize {
        let Some(level) = self.0.get_mut(column.level) else { return 0 };
        if let Some(place) = level.fields.place(&column.wire) {
            return place;
        }
        level.fields.build(&column.wire, Builder::new(&column.data_type, column.name.clone()))
    }

    /// Names the columns that are not wanted, so that a repeated one is still found out.
    pub(super) fn know_the_rest(&mut self, table: &Table) {
        for column in &table.columns {
            if column.data_type != Type::Position
                && let Some(level) = self.0.get_mut(column.level)
                && !level.fields.knows(&column.wire)
            {
                level.fields.name(&column.wire, Use::Skip);
            }
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.0.last().map_or(0, |level| level.items as usize)
    }

    /// Reads the item of the first level that was just entered; returns the bytes of text kept.
    pub(super) fn read_item(&mut self, document: &mut Document<'_>) -> Result<usize, Error> {
        read_item(&mut self.0, document)
    }

    pub(super) fn finish(&mut self) -> Result<Built, ArrowError> {
        let rows = self.rows();
        let mut columns = Vec::with_capacity(self.0.len());
        for level in &mut self.0 {
            columns.push(level.fields.finish()?);
        }
        let mut parents = vec![];
        let mut positions = vec![];
        let mut below: Vec<u32> = (0..u32::try_from(rows).unwrap_or(u32::MAX)).collect();
        for level in self.0.iter_mut().rev().skip(1) {
            let children = std::mem::take(&mut level.children);
            let owners: Vec<u32> =
                (0u32..).zip(&children).flat_map(|(item, &count)| (0..count).map(move |_| item)).collect();
            if positions.is_empty() {
                positions = children.iter().flat_map(|&count| (1..).take(count as usize)).collect();
            }
            below = below.iter().filter_map(|&item| owners.get(item as usize).copied()).collect();
            parents.push(UInt32Array::from(below.clone()));
        }
        parents.reverse();
        self.0.iter_mut().for_each(|level| level.items = 0);
        Ok(Built { rows, positions, columns, parents })
    }
}

impl Built {
    pub(super) fn column(&self, level: usize, place: usize) -> Result<ArrayRef, ArrowError> {
        let Some(column) = self.columns.get(level).and_then(|columns| columns.get(place)) else {
            return Err(ArrowError::InvalidArgumentError(format!("no column at level {level}, place {place}")));
        };
        match self.parents.get(level) {
            Some(owners) => take(column, owners, None),
            None => Ok(column.clone()),
        }
    }
}

fn read_item(levels: &mut [Level], document: &mut Document<'_>) -> Result<usize, Error> {
    let Some((level, below)) = levels.split_first_mut() else {
        document.skip()?;
        return Ok(0);
    };
    level.items += 1;
    if below.is_empty() {
        if level.fields.is_unwanted() {
            document.skip()?;
            return Ok(1);
        }
        return level.fields.read(document, None);
    }
    let before = below.first().map_or(0, |next| next.items);
    let bytes = level.fields.read(
        document,
        Some(&mut |document| {
            let mut bytes = 0;
            while document.child()?.is_some() {
                bytes += read_item(below, document)?;
            }
            Ok(bytes)
        }),
    )?;
    let after = below.first().map_or(0, |next| next.items);
    level.children.push(after - before);
    Ok(bytes)
}
