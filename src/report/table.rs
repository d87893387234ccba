//! Tables: columns as wide as their widest cell; the last column and an over-wide table are cut.

use super::style::{Style, Tone};
use super::width::{cut, pad, width};

/// A table of plain cells; colour is given per cell and does not count in its width.
#[derive(Clone, Debug, Default)]
pub struct Table {
    header: Vec<String>,
    elastic: Vec<usize>,
    spare: Vec<usize>,
    rows: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its text, without colours.
    pub text: String,
    /// Its colour.
    pub tone: Option<Tone>,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, tone: None }
    }
}

impl Cell {
    /// A cell with a colour.
    pub fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone: Some(tone) }
    }
}

impl Table {
    /// A table with these column heads.
    pub fn new(header: &[&str]) -> Self {
        Self {
            header: header.iter().map(|&text| text.to_owned()).collect(),
            elastic: Vec::new(),
            spare: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Names the columns that are left out, the first one first, where no cutting makes the table fit.
    #[must_use]
    pub fn spare(mut self, header: &[&str]) -> Self {
        let place = |name: &&str| self.header.iter().position(|text| text == name);
        self.spare = header.iter().filter_map(place).collect();
        self
    }

    /// Names the columns that are cut first where the table is too wide.
    #[must_use]
    pub fn elastic(mut self, header: &[&str]) -> Self {
        self.elastic =
            (0..self.header.len()).filter(|&i| header.contains(&self.header[i].as_str())).collect();
        self
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// The text; `columns`: width of the terminal, `None` for a file. Columns in which every cell is empty are
    /// left out.
    pub fn render(&self, style: Style, columns: Option<usize>) -> String {
        let mut used: Vec<usize> = (0..self.header.len())
            .filter(|&i| i == 0 || self.rows.iter().any(|row| !row[i].text.is_empty()))
            .collect();
        for spare in &self.spare {
            let least: Vec<usize> = used.iter().map(|&i| self.full(i).min(self.least(i))).collect();
            if columns.is_some_and(|columns| total(&least) > columns) {
                used.retain(|i| i != spare);
            }
        }
        let mut widths: Vec<usize> = used.iter().map(|&i| self.full(i)).collect();
        if let Some(columns) = columns {
            let kept = used.iter().zip(&widths);
            let elastic: Vec<usize> =
                kept.map(|(i, full)| if self.elastic.contains(i) { self.least(*i) } else { *full }).collect();
            shrink(&mut widths, columns, &elastic);
            shrink(&mut widths, columns, &used.iter().map(|&i| self.least(i)).collect::<Vec<_>>());
        }
        let mut out = String::new();
        let header: Vec<Cell> =
            self.header.iter().map(|text| Cell::toned(text.clone(), Tone::Faint)).collect();
        for row in std::iter::once(&header).chain(&self.rows) {
            let mut line = String::new();
            let mut pending = 0;
            for (&i, &columns) in used.iter().zip(&widths) {
                let text = cut(&row[i].text, columns, style);
                line.push_str(&pad("", pending));
                match row[i].tone {
                    Some(tone) => style.paint_into(&mut line, tone, &text),
                    None => line.push_str(&text),
                }
                pending = columns - width(&text) + 2;
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

impl Table {
    /// The width of a column that is not cut.
    fn full(&self, i: usize) -> usize {
        let cells = self.rows.iter().map(|row| width(&row[i].text));
        cells.chain([width(&self.header[i])]).max().unwrap_or(0)
    }

    /// The width to which a column is cut at most.
    fn least(&self, i: usize) -> usize {
        width(&self.header[i]).max(8)
    }
}

fn total(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1)
}

/// Takes columns away from the widest cells until the table fits, never below `least`.
fn shrink(widths: &mut [usize], columns: usize, least: &[usize]) {
    while total(widths) > columns {
        let Some(widest) = (0..widths.len()).filter(|&i| widths[i] > least[i]).max_by_key(|&i| widths[i])
        else {
            return;
        };
        widths[widest] -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_over_wide_table_cuts_its_widest_column_and_empty_columns_go() {
        let mut table = Table::new(&["NAME", "EMPTY", "IMAGE"]);
        table.row(vec![
            "a".to_owned().into(),
            String::new().into(),
            "registry.example.com/team/image".to_owned().into(),
        ]);
        insta::assert_snapshot!(table.render(Style::PLAIN, Some(24)), @r"
        NAME  IMAGE
        a     registry.example.~
        ");
        insta::assert_snapshot!(table.render(Style::PLAIN, None), @r"
        NAME  IMAGE
        a     registry.example.com/team/image
        ");
    }
}
