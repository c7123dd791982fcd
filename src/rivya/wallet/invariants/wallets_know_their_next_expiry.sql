-- No lot with credits left lapses before the moment that its wallet knows of: lapsed credits cannot be spent.
select w.account_id, format('lot %s lapses at %s, its wallet knows of %s', l.id, l.expires_at, w.next_expiry_at) as detail
from wallets w join lots l using (account_id)
where l.available > 0 and l.expires_at < coalesce(w.next_expiry_at, 'infinity')
