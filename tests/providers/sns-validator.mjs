// Whether sns-validator, of AWS, takes a message: the message and the certificate's file as arguments.
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { EventEmitter } from 'node:events';
import Validator from 'sns-validator';

const [message, certificate] = process.argv.slice(2);
// In place of the request to Amazon.
https.get = (url, answered) => {
  const answer = new EventEmitter();
  answer.statusCode = 200;
  answered(answer);
  answer.emit('data', readFileSync(certificate));
  answer.emit('end');
  return new EventEmitter();
};
new Validator().validate(message, (error) => console.log(error ? error.message : 'valid'));
