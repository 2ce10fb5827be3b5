//! How fast the vault cuts, seals, writes and reads, in MB/s and (on Linux) in MB per second of processor time, which other
//! work on the machine disturbs less; and the most memory writing took. For judging, not for passing or failing:
//! `cargo run --release -p holdfast-vault --example throughput [MiB]`
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures::TryStreamExt;
use holdfast_vault::storage::{LocalFolder, Wrapping, compose};
use holdfast_vault::*;
use secrecy::SecretString;

#[tokio::main]
async fn main() {
    let mib: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(256);
    let text = table(mib << 20);
    let mut noise = vec![0; mib << 20];
    blake3::Hasher::new().finalize_xof().fill(&mut noise);
    println!(
        "{:<34} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6}",
        "MB/s", "write", "/cpu s", "again", "read", "/cpu s", "ratio", "KiB", "MiB+"
    );
    for (workers, level) in [(1, 1), (1, 3), (2, 1), (2, 3)] {
        run(&format!("text, zstd {level}, {workers} workers"), &text, Unit::Line, workers, level).await;
    }
    run("noise, zstd 1, 2 workers", &noise, Unit::Line, 2, 1).await;
    run("pages of text, zstd 1, 2 workers", &text, Unit::Fixed(4096), 2, 1).await;
}

async fn run(name: &str, data: &[u8], unit: Unit, workers: usize, compression: i32) {
    let folder = std::env::temp_dir().join(format!("holdfast-throughput-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let passphrase = SecretString::from("throughput");
    let writer = Writer { name: "throughput".to_owned(), clock: Arc::new(|| 1) };
    let storage = Arc::new(LocalFolder::new(&folder).unwrap());
    let store = Store::new(compose(storage, Wrapping::FOLDER), writer);
    let vault = Vault::create_at(store, &passphrase, Argon2Cost::FLOOR, 1).await.unwrap();
    let backup = async || {
        let writer = vault.begin(WriteOptions { compression, workers }).await.unwrap();
        let mut stream = writer.stream("s", unit).await.unwrap();
        for part in data.chunks(64 << 10) {
            stream.write(Bytes::copy_from_slice(part)).await.unwrap();
        }
        stream.finish().await.unwrap();
        writer.commit(serde_json::Value::Null, serde_json::Value::Null, 1).await.unwrap()
    };
    let before = reset_peak();
    let (start, cpu) = (Instant::now(), processor_seconds());
    let head = backup().await;
    let write = rate(data.len(), start);
    let write_cpu = data.len() as f64 / 1e6 / (processor_seconds() - cpu);
    let peak = memory("VmHWM:").saturating_sub(before) / 1024;
    let start = Instant::now();
    // Nothing is new, so this is cutting and naming alone.
    backup().await;
    let again = rate(data.len(), start);
    let entry = vault.manifest(&head.id).await.unwrap().streams.remove(0);
    let (start, cpu) = (Instant::now(), processor_seconds());
    let read: u64 =
        vault.read(&entry).try_fold(0, async |sum, part| Ok(sum + part.len() as u64)).await.unwrap();
    assert_eq!(read, data.len() as u64);
    let read_cpu = data.len() as f64 / 1e6 / (processor_seconds() - cpu);
    let ratio = data.len() as f64 / head.stored_bytes as f64;
    println!(
        "{name:<34} {write:>6.0} {write_cpu:>6.0} {again:>6.0} {:>6.0} {read_cpu:>6.0} {ratio:>6.2} {:>6} {peak:>6}",
        rate(data.len(), start),
        data.len() / entry.chunks.len().max(1) / 1024,
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

fn rate(bytes: usize, start: Instant) -> f64 {
    bytes as f64 / 1e6 / start.elapsed().as_secs_f64()
}

/// User and system time of this process, from the kernel's count of hundredths.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> = stat.split(' ').skip(13).take(2).filter_map(|field| field.parse().ok()).collect();
    fields.iter().sum::<f64>() / 100.0
}

/// Makes the kernel's high-water mark begin here; returns the memory in use now, in KiB.
fn reset_peak() -> u64 {
    // Not on Linux: the column shows zero.
    drop(std::fs::write("/proc/self/clear_refs", "5"));
    memory("VmRSS:")
}

fn memory(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(what));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or_default()
}

/// Rows of the usual mixture: numbers, a date, a hash, words.
fn table(bytes: usize) -> Vec<u8> {
    const WORDS: [&str; 16] = [
        "order", "invoice", "customer", "pending", "shipped", "red", "blue", "large", "small", "return",
        "gift", "express", "standard", "north", "south", "west",
    ];
    let mut out = Vec::with_capacity(bytes + 256);
    let mut state = 1u64;
    let mut n = 0;
    while out.len() < bytes {
        n += 1;
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let word = |shift: u32| WORDS[(state >> shift) as usize % 16];
        let row = format!(
            "{n}\t{}\t2026-{:02}-{:02} 12:{:02}:07+00\t{:016x}\t{} {} {} {}\t{}.{:02}\t\\N\n",
            state % 100_000,
            1 + n % 12,
            1 + n % 28,
            n % 60,
            state,
            word(8),
            word(20),
            word(32),
            word(44),
            state % 1000,
            state % 100
        );
        out.extend_from_slice(row.as_bytes());
    }
    out
}
