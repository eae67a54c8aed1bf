-- What a changed claim is now (CAEP 1.0 §3.2 wants it told), where that is what ended the tokens.
alter table auth.revocations add column claims jsonb;
