//! Files of each program, small and made up.

pub(crate) const SPLIIT: &str = "\u{feff}\"Date\",\"Description\",\"Category\",\"Currency\",\"Cost\",\"Original cost\",\"Original currency\",\"Conversion rate\",\"Is Reimbursement\",\"Split mode\",\"Ann\",\"Ben\",\"Cem\"\n\
    \"2026-01-01\",\"Tea\",\"General\",\"EUR\",\"4.00\",,,,\"No\",\"Evenly\",2,-2,0\n\
    \"2026-01-02\",\"Hut\",\"Hotel\",\"EUR\",\"10.00\",\"11.00\",\"USD\",\"0.909\",\"No\",\"Evenly\",-3.33,3.33,-3.33\n\
    \"2026-01-04\",\"Deposit\",\"General\",\"EUR\",\"-6.00\",,,,\"No\",\"Evenly\",-2,2,2\n";

pub(crate) const COSPEND: &str = "name,weight,active,color\n\"Ann\",1,1,\"#112233\"\n\"Ben, the tall\",2,1,\"#445566\"\n\n\
    what,amount,date,timestamp,payer_name,payer_weight,payer_active,owers,repeat,repeatfreq,repeatallactive,repeatuntil,categoryid,paymentmode,paymentmodeid,comment,deleted\n\
    \"Tea\",4,2026-01-01,1767225600,\"Ann\",1,1,\"Ann,Ben, the tall\",n,1,0,,4,n,0,\"with%20milk\",0\n\
    \"deleteMeIfYouWant\",1,2026-01-01,1767225600,\"Ann\",1,1,\"Ann\",n,1,0,,0,n,0,\"\",0\n\
    \"Gone\",9,2026-01-01,1767225600,\"Ann\",1,1,\"Ann\",n,1,0,,0,n,0,\"\",1\n\
    \"Back\",2,2026-01-02,1767225600,\"Ben, the tall\",2,1,\"Ann\",n,1,0,,-11,n,0,\"\",0\n\n\
    categoryname,categoryid,icon,color\nGrocery,4,x,\"#ffaa00\"\n\n\
    currencyname,exchange_rate\nEUR,1\n";

pub(crate) const IHATEMONEY: &str = "date,what,bill_type,amount,currency,payer_name,payer_weight,owers\n\
    2026-01-01,tea,Expense,10.0,XXX,Ann,1.0,\"Ann, Ben, Cem\"\n\
    2026-01-02,back,Reimbursement,2.0,XXX,Ben,2.0,Ann\n";

pub(crate) const SETTLE_UP: &str = "Who paid,Amount,Currency,For whom,Split amounts,Purpose,Category,Date & time,Timezone,Exchange rate,Converted amount,Type,Receipt\n\
    Ann;Ben,10;5,EUR,Ann;Ben;Cem,5;5;5,Hut,Trip,2026-01-01 10:00:00,UTC,1,15,expense,\n\
    Cem,5,EUR,Ann,5,Back,,2026-01-02 10:00:00,UTC,1,5,transfer,\n";

pub(crate) const TRICOUNT: &str = "Date,Title,Amount,Currency,Rate,Type,Colour,Paid by Ann,Paid by Ben,Paid by Cem,Paid for Ann,Paid for Ben,Paid for Cem\n\
    2026-01-01,Hut,15.00,EUR,1,Expense,red,10.00,5.00,,5.00,5.00,5.00\n\
    2026-01-02,Back,5.00,EUR,1,Transfer,,,,5.00,5.00,,\n\
    2026-01-03,Deposit,-3.00,EUR,1,Income,,-3.00,0.00,0.00,,-2.00,-1.00\n\
    2026-01-04,Taxi,10.00,USD,0.9,Expense,,10.00,,,3.33,3.33,3.33\n";

pub(crate) const IHATEMONEY_JSON: &str = "[\n  {\"amount\": 10.0, \"bill_type\": \"Expense\", \"currency\": \"XXX\", \"date\": \"2026-01-01\", \"owers\": [\"Ann\", \"Ben\", \"Cem\"], \"payer_name\": \"Ann\", \"payer_weight\": 1.0, \"what\": \"tea\"},\n  \
    {\"amount\": 2.0, \"bill_type\": \"Reimbursement\", \"currency\": \"XXX\", \"date\": \"2026-01-02\", \"owers\": [\"Ann\"], \"payer_name\": \"Ben\", \"payer_weight\": 2.0, \"what\": \"back\"}\n]\n";

pub(crate) const SPLIIT_JSON: &str = "{\"id\":\"g\",\"name\":\"Trip\",\"currency\":\"EUR\",\"currencyCode\":\"EUR\",\"expenses\":[\
    {\"expenseDate\":\"2026-01-01T00:00:00.000Z\",\"title\":\"Tea\",\"category\":{\"grouping\":\"Uncategorized\",\"name\":\"General\"},\"amount\":400,\"originalAmount\":null,\"originalCurrency\":null,\"conversionRate\":null,\"paidById\":\"a\",\"paidFor\":[{\"participantId\":\"a\",\"shares\":100},{\"participantId\":\"b\",\"shares\":100}],\"isReimbursement\":false,\"splitMode\":\"EVENLY\",\"recurrenceRule\":\"NONE\",\"notes\":\"with milk\"},\
    {\"expenseDate\":\"2026-01-02T00:00:00.000Z\",\"title\":\"Hut\",\"category\":{\"name\":\"Hotel\"},\"amount\":1000,\"originalAmount\":1100,\"originalCurrency\":\"USD\",\"conversionRate\":\"0.909\",\"paidById\":\"b\",\"paidFor\":[{\"participantId\":\"a\",\"shares\":100},{\"participantId\":\"b\",\"shares\":100},{\"participantId\":\"c\",\"shares\":100}],\"isReimbursement\":false,\"splitMode\":\"EVENLY\"},\
    {\"expenseDate\":\"2026-01-04\",\"title\":\"Deposit\",\"category\":null,\"amount\":-600,\"paidById\":\"a\",\"paidFor\":[{\"participantId\":\"a\",\"shares\":100},{\"participantId\":\"b\",\"shares\":100},{\"participantId\":\"c\",\"shares\":100}],\"isReimbursement\":false,\"splitMode\":\"EVENLY\"},\
    {\"expenseDate\":\"2026-01-05\",\"title\":\"Back\",\"amount\":200,\"paidById\":\"c\",\"paidFor\":[{\"participantId\":\"b\",\"shares\":100}],\"isReimbursement\":true,\"splitMode\":\"EVENLY\"},\
    {\"expenseDate\":\"2026-01-06\",\"title\":\"Rent\",\"amount\":1000,\"paidById\":\"b\",\"paidFor\":[{\"participantId\":\"a\",\"shares\":2500},{\"participantId\":\"c\",\"shares\":7500}],\"isReimbursement\":false,\"splitMode\":\"BY_PERCENTAGE\",\"recurrenceRule\":\"MONTHLY\"},\
    {\"expenseDate\":\"2026-01-07\",\"title\":\"Settled\",\"amount\":200,\"paidById\":\"c\",\"paidFor\":[{\"participantId\":\"a\",\"shares\":300},{\"participantId\":\"b\",\"shares\":100}],\"isReimbursement\":true,\"splitMode\":\"BY_SHARES\"}],\
    \"participants\":[{\"id\":\"a\",\"name\":\"Ann\"},{\"id\":\"b\",\"name\":\"Ben\"},{\"id\":\"c\",\"name\":\"Cem\"}]}\n";

pub(crate) const OWN: &str = "Date,Description,Category,Cost,Currency,A,B,C,Kind,Note,Tags,Paid in,Rate,Rate source,Hints,Entry,Origin,Paid A,Owes A,Paid B,Owes B,Paid C,Owes C\n\
    2026-12-01,Dinner,,9.00,EUR,4.00,-3.00,-1.00,expense,'=x,a,,,,,9fde0a0fcfe32923670bbaad63c57e05e479ae2619c1fd03d37e7678d27f728b,,5.00,1.00,4.00,7.00,,1.00\n\
    2026-12-01,Payment,Payment,1.00,EUR,1.00,-1.00,0.00,payment,,,,,,,a2600b8afa6431d4ce323b7fecdbde8e9f1c3bc87aa220a5dc152d6cb567de61,,1.00,,,1.00,,\n\
    2026-12-01,Total balance, , ,EUR,5.00,-4.00,-1.00,total,,,,,,,,,,,,,,\n";

pub(crate) const OWN_JSON: &str = "{\"format\":\"group-ledger/1\",\"group\":{},\"digest\":\"\",\"entries\":[{\"id\":1}],\
    \"members\":[{\"label\":\"A\"},{\"label\":\"B\"},{\"label\":\"C\"}],\"transactions\":[\
    {\"entry\":\"9fde0a0fcfe32923670bbaad63c57e05e479ae2619c1fd03d37e7678d27f728b\",\"origin\":null,\"opening\":false,\"date\":\"2026-12-01\",\"description\":\"Dinner\",\"currency\":\"EUR\",\"minor_units\":900,\"kind\":\"expense\",\"direction\":\"outgoing\",\"category\":null,\"note\":\"=x\",\"payers\":[{\"member\":\"A\",\"minor_units\":500},{\"member\":\"B\",\"minor_units\":400}],\"shares\":[{\"member\":\"A\",\"minor_units\":100},{\"member\":\"B\",\"minor_units\":700},{\"member\":\"C\",\"minor_units\":100}],\"hints\":{\"5\":\"816161\"}},\
    {\"entry\":\"a2600b8afa6431d4ce323b7fecdbde8e9f1c3bc87aa220a5dc152d6cb567de61\",\"origin\":null,\"opening\":false,\"date\":\"2026-12-01\",\"description\":\"Payment\",\"currency\":\"EUR\",\"minor_units\":100,\"kind\":\"transfer\",\"from\":\"A\",\"to\":\"B\",\"hints\":{}}]}\n";
