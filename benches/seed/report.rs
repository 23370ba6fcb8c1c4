//! What the program prints.

use std::time::Duration;

/// Prints how far it is, to standard error.
pub fn progress(people: u32, users: u32, elapsed: Duration) {
    let percent = u64::from(people) * 100 / u64::from(users);
    eprintln!("{people} of {users} people ({percent} %) after {:.1} s", elapsed.as_secs_f64());
}

/// Prints the rows in each table and the times that writing and finishing took.
pub fn print(rows: &[(&str, usize)], [writing, finishing]: [Duration; 2]) {
    for (table, count) in rows {
        println!("{table:20}{count:>12}");
    }
    let all: usize = rows.iter().map(|(_, count)| count).sum();
    let rate = (all as u128 * 1000).checked_div(writing.as_millis()).unwrap_or_default();
    println!("{:20}{all:>12}   {rate} rows/s", "all tables");
    let (writing, finishing) = (writing.as_secs_f64(), finishing.as_secs_f64());
    println!("{writing:.1} s, and {finishing:.1} s to finish");
}
