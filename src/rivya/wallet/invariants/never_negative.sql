-- No balance and no lot is below zero.
select account_id, format('wallet: available %s, reserved %s', available, reserved) as detail
from wallets where available < 0 or reserved < 0
union all
select account_id, format('lot %s: available %s, reserved %s', id, available, reserved)
from lots where available < 0 or reserved < 0
