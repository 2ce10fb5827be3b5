#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

struct Given(&'static str, AtomicUsize);

impl PassphraseSource for Given {
    fn passphrase(&self, _: PassphrasePurpose) -> Option<SecretString> {
        self.1.fetch_add(1, Ordering::SeqCst);
        (!self.0.is_empty()).then(|| SecretString::from(self.0))
    }
    fn known(&self) -> Option<SecretString> {
        None
    }
}

fn given(passphrase: &'static str) -> Arc<Given> {
    Arc::new(Given(passphrase, AtomicUsize::new(0)))
}

fn secrets(
    folder: &Path,
    choice: SecretsChoice,
    keychain: &Arc<MemoryKeychain>,
    source: &Arc<Given>,
) -> Secrets {
    let clock = Arc::new(crate::clock::FixedClock::at(1));
    Secrets::new(folder.join("secrets.sealed"), choice, keychain.clone(), source.clone(), clock)
}

fn bytes(text: &str) -> SecretBytes {
    Zeroizing::new(text.as_bytes().to_vec())
}

#[tokio::test]
async fn a_keychain_keeps_and_the_probe_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = Arc::new(MemoryKeychain::default());
    let secrets = secrets(folder.path(), SecretsChoice::Keychain, &keychain, &given(""));
    assert_eq!(secrets.status().await.backend, SecretsBackend::Keychain);
    secrets.set("connection/1", bytes("pw")).await.unwrap();
    assert_eq!(secrets.get("connection/1").await.unwrap().unwrap().as_slice(), b"pw");
    assert_eq!(keychain.names(), ["connection/1"]);
    secrets.delete("connection/1").await.unwrap();
    secrets.delete("connection/1").await.unwrap();
    assert!(secrets.get("connection/1").await.unwrap().is_none());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "no file");
}

/// Each way to fail is its own error with a way out, and none is answered with another place.
#[tokio::test]
async fn a_keychain_that_fails_is_never_replaced_in_silence() {
    for (problem, code, locked) in [
        (KeychainProblem::Absent("no bus".into()), ErrorCode::KeychainAbsent, false),
        (KeychainProblem::Locked("locked".into()), ErrorCode::KeychainLocked, true),
        (KeychainProblem::Denied("refused".into()), ErrorCode::KeychainDenied, false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let keychain = Arc::new(MemoryKeychain::failing(problem));
        let source = given("correct horse battery");
        let secrets = secrets(folder.path(), SecretsChoice::Keychain, &keychain, &source);
        let error = secrets.set("a", bytes("pw")).await.unwrap_err();
        assert_eq!(error.code, code);
        assert!(error.hint.unwrap().contains("HOLDFAST_SECRETS=file"), "both ways are told");
        let status = secrets.status().await;
        assert_eq!((status.backend, status.locked), (SecretsBackend::Unavailable, locked));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(source.1.load(Ordering::SeqCst), 0, "nobody was asked for a passphrase");
        keychain.fail(None);
        secrets.set("a", bytes("pw")).await.expect("it is asked again");
    }
}

#[tokio::test]
async fn the_file_is_chosen_once_and_opened_once() {
    let folder = tempfile::tempdir().unwrap();
    let absent = Arc::new(MemoryKeychain::failing(KeychainProblem::Absent("no bus".into())));
    let source = given("correct horse battery");
    let first = secrets(folder.path(), SecretsChoice::File, &absent, &source);
    first.set("a", bytes("canary")).await.unwrap();
    first.set("b", bytes("two")).await.unwrap();
    first.delete("b").await.unwrap();
    assert_eq!(source.1.load(Ordering::SeqCst), 1);
    let sealed = std::fs::read(folder.path().join("secrets.sealed")).unwrap();
    assert!(!sealed.windows(6).any(|window| window == b"canary"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.path().join("secrets.sealed")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    // The file's existence is the choice, also where the host says nothing of it.
    let window = secrets(folder.path(), SecretsChoice::Keychain, &absent, &given(""));
    let status = window.status().await;
    assert_eq!((status.backend, status.locked), (SecretsBackend::File, true));
    assert_eq!(window.get("a").await.unwrap_err().code, ErrorCode::PassphraseNeeded);
    let wrong = window.use_file(SecretString::from("wrong horse battery")).await.unwrap_err();
    assert_eq!(wrong.code, ErrorCode::PassphraseWrong);
    window.use_file(SecretString::from("correct horse battery")).await.unwrap();
    assert!(!window.status().await.locked);

    // Two processes write; neither loses the other's.
    window.set("c", bytes("three")).await.unwrap();
    first.set("d", bytes("four")).await.unwrap();
    for name in ["a", "c", "d"] {
        assert!(window.get(name).await.unwrap().is_some(), "{name}");
        assert!(first.get(name).await.unwrap().is_some(), "{name}");
    }
    assert!(first.get("b").await.unwrap().is_none());
}

#[tokio::test]
async fn damage_to_the_file_is_not_a_wrong_passphrase() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = Arc::new(MemoryKeychain::default());
    let source = given("correct horse battery");
    std::fs::write(folder.path().join("secrets.sealed"), b"noise").unwrap();
    let secrets = secrets(folder.path(), SecretsChoice::File, &keychain, &source);
    assert_eq!(secrets.get("a").await.unwrap_err().code, ErrorCode::SecretMissing);
    assert_eq!(std::fs::read(folder.path().join("secrets.sealed")).unwrap(), b"noise", "left as it was");
}

#[test]
fn the_first_guesses_are_refused() {
    for weak in [
        "",
        "short",
        "aaaaaaaa",
        "12345678",
        "abcdefgh",
        "Password1!",
        "holdfast2026",
        "passphrase",
        "        ",
    ] {
        let error = refuse_weak(&SecretString::from(weak)).expect_err(weak);
        assert_eq!(error.code, ErrorCode::PassphraseTooWeak);
    }
    for good in ["correct horse", "tiger-lamp-42", "ünïcödé-wörds"] {
        refuse_weak(&SecretString::from(good)).expect(good);
    }
}
