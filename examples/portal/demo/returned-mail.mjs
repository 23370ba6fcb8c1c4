// What a mail server would report of a letter (RFC 3464). A folder reports nothing, so the demo plays the mail server.

import { letters, newestToken } from "./mailbox.mjs";

/**
 * Reports on the newest letter to an address.
 * @param {import("./service.mjs").Service} service
 * @param {string} to
 * @param {"failed" | "delayed" | "delivered"} action
 * @param {string} status an enhanced status code (RFC 3463)
 * @param {string} reply what the mailbox's server said
 */
export async function report(service, to, action, status, reply) {
  await newestToken(service.mail, to);
  const letter = (await letters(service.mail)).find((letter) => letter.to === to);
  const response = await fetch(`${service.url}/v1/mail-events/dsn`, {
    method: "POST",
    headers: { Authorization: `Bearer ${service.dsnSecret}`, "Content-Type": "message/rfc822" },
    body: message(to, letter?.id ?? "", action, status, reply),
  });
  if (!response.ok) throw new Error(await response.text());
}

/** @type {(to: string, id: string, action: string, status: string, reply: string) => string} */
const message = (to, id, action, status, reply) => `From: MAILER-DAEMON@mx.example.com
To: no-reply@localhost
Subject: Undelivered Mail Returned to Sender
Date: ${new Date().toUTCString()}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=us-ascii

A report on your letter.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; ${to}
Action: ${action}
Status: ${status}
Diagnostic-Code: smtp; ${reply}

--b
Content-Type: text/rfc822-headers

Message-ID: ${id}

--b--
`.replaceAll("\n", "\r\n");
