//! WebDriver (W3C), as much of it as the stories need: JSON over one HTTP request at a time on loopback.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use super::PATIENCE;
use super::processes::Group;

/// The driver's own error code (`no such element`, …) and its message.
#[derive(Debug)]
pub struct Failure {
    pub code: String,
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

pub struct Driver {
    port: u16,
    session: String,
    group: Group,
}

impl Driver {
    /// Starts the driver, and through it the program.
    pub fn start(program: &Path, environment: &[(String, String)], folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|probe| probe.local_addr())
            .expect("a free port")
            .port();
        let log = File::create(folder.join("driver.log")).expect("a log beside the data folder");
        let group = Group::start(
            Command::new("WebKitWebDriver")
                .args(["--host=127.0.0.1".to_owned(), format!("--port={port}")])
                .envs(environment.iter().cloned())
                .stdout(Stdio::null())
                .stderr(log),
        );
        let mut driver = Self { port, session: String::new(), group };
        driver.await_ready();
        let wanted = json!({"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": {
            "binary": program, "args": []
        }}}});
        let session = driver.request("POST", "/session", Some(&wanted)).unwrap_or_else(|failure| {
            let log = std::fs::read_to_string(folder.join("driver.log")).unwrap_or_default();
            panic!("the window did not open: {failure}\n{log}")
        });
        session["sessionId"].as_str().expect("a session").clone_into(&mut driver.session);
        driver
    }

    fn await_ready(&mut self) {
        let asked = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(!self.group.has_ended(), "WebKitWebDriver ended at once");
            assert!(asked.elapsed() < PATIENCE, "WebKitWebDriver does not listen");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    pub fn get(&self, path: &str) -> Result<Value, Failure> {
        self.request("GET", &format!("/session/{}{path}", self.session), None)
    }
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.request("POST", &format!("/session/{}{path}", self.session), Some(body))
    }

    /// A PNG of the page.
    pub fn screenshot(&self) -> Result<Vec<u8>, Failure> {
        let picture = self.get("/screenshot")?;
        decode_base64(picture.as_str().unwrap_or_default()).ok_or_else(|| Failure {
            code: "bad answer".to_owned(),
            message: "the picture is not base64".to_owned(),
        })
    }

    fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let answer = self.exchange(method, path, body).map_err(|error| Failure {
            code: "no answer".to_owned(),
            message: format!("{method} {path}: {error}"),
        })?;
        let value = answer.get("value").cloned().unwrap_or_default();
        match value.get("error").and_then(Value::as_str) {
            Some(code) => Err(Failure {
                code: code.to_owned(),
                message: value["message"].as_str().unwrap_or_default().to_owned(),
            }),
            None => Ok(value),
        }
    }

    fn exchange(&self, method: &str, path: &str, body: Option<&Value>) -> io::Result<Value> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.port,
            body.len()
        )?;
        let mut answer = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            if answer.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if line.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().map_err(|_| io::ErrorKind::InvalidData)?;
            }
        }
        let mut bytes = vec![0; length];
        answer.read_exact(&mut bytes)?;
        Ok(serde_json::from_slice(&bytes)?)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Ends the program as the driver sees fit; the group is ended next in any case.
        let _ = self.request("DELETE", &format!("/session/{}", self.session), None);
    }
}

/// RFC 4648; the driver breaks no lines.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::decode_base64;

    #[test]
    fn pictures_are_decoded() {
        assert_eq!(decode_base64("").as_deref(), Some(&b""[..]));
        assert_eq!(decode_base64("Zg==").as_deref(), Some(&b"f"[..]));
        assert_eq!(decode_base64("Zm9vYmE=").as_deref(), Some(&b"fooba"[..]));
        assert_eq!(decode_base64("/+8=").as_deref(), Some(&[0xff, 0xef][..]));
        assert_eq!(decode_base64("Z!"), None);
    }
}
